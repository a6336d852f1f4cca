"""A picture for every product, drawn from its department and type: the same product always looks the same.

Presentation attributes only, no style and no script, so that it may be shown under a strict
Content-Security-Policy.
"""

from __future__ import annotations

from hashlib import blake2b
from xml.sax.saxutils import escape

from shop.drawings import FORMS, SHAPES, backdrop
from shop.models import Category, Product

SIZE = 200
# Background, shape and accent of each family of goods, all far enough apart for a light and a dark page.
PALETTES = {
    "produce": ("#e8f3df", "#6a9f3f", "#d8572a"),
    "meat": ("#fbe7e2", "#b6433f", "#f2b5a7"),
    "fish": ("#e0f0f5", "#3f7f9f", "#f2a65a"),
    "bakery": ("#fbf0dc", "#c98a3c", "#8a5a2b"),
    "dairy": ("#e9f1fb", "#5b8fc9", "#f4d35e"),
    "egg": ("#f5f0e6", "#a9977d", "#e8c9a0"),
    "cheese": ("#fdf6e0", "#d99a2b", "#f4c542"),
    "snack": ("#fbeee0", "#c8502f", "#f6c344"),
    "drink": ("#e6f4f1", "#2f8f83", "#f2c14e"),
    "frozen": ("#e6f0fb", "#4a7fc1", "#a9d6f5"),
    "sweet": ("#fbe8f1", "#b4538a", "#f7c59f"),
    "pantry": ("#f6eee0", "#a8743c", "#5f8f5a"),
    "home": ("#ecebf7", "#6c63ad", "#f2b84b"),
    "care": ("#f3ebf7", "#9165b0", "#7cc6c3"),
    "flower": ("#fdeaea", "#d1495b", "#5a9a5f"),
    "baby": ("#fdf3e3", "#e0995e", "#7fb7d9"),
    "pet": ("#efe9e1", "#8d6b4f", "#d98b4a"),
}
# Where the department says what is in it; elsewhere the words below decide.
FIXED = {
    "PRODUCE": "produce",
    "SALAD BAR": "produce",
    "TRAVEL & LEISURE": "produce",
    "MEAT": "meat",
    "MEAT-PCKGD": "meat",
    "SEAFOOD": "fish",
    "SEAFOOD-PCKGD": "fish",
    "PASTRY": "bakery",
    "FLORAL": "flower",
    "GARDEN CENTER": "flower",
    "COSMETICS": "care",
    "SPIRITS": "drink",
    "FUEL": "home",
}
DEFAULT = {"DRUG GM": "home", "DELI": "meat", "RESTAURANT": "bakery"}
# The first line with a word of the category's name decides, else with a word of the type's.
WORDS = (
    ("baby infant diaper", "baby"),
    ("cat dog pet litter bird", "pet"),
    ("canned soup condiment pasta rice dinner", "pantry"),
    ("frozen ice", "frozen"),
    ("chip snack cracker popcorn pretzel nut", "snack"),
    ("egg", "egg"),
    ("cheese", "cheese"),
    ("juice soda drink water beer wine coffee tea soft liquor beverage cocktail vodka whiskey", "drink"),
    ("milk yogurt butter cream margarine dairy", "dairy"),
    ("bread bun roll bagel cake pie donut muffin pastry pastries pita croissant tortilla", "bakery"),
    ("candy chocolate cookie gum sugar syrup dessert pudding sweet", "sweet"),
    ("shampoo soap hair skin makeup deodorant oral lotion care vitamin relief medicine bath", "care"),
    ("fish seafood tuna salmon shrimp", "fish"),
    ("beef pork chicken turkey sausage bacon ham meat", "meat"),
    ("fruit vegetable salad apple berries", "produce"),
    ("flower rose plant bouquet", "flower"),
    ("cleaner detergent paper bag foil bulb battery batteries towel candle card magazine toy", "home"),
)
# The colour of what grows, and its form where it is no round fruit.
GROWN = (
    ("banana", "#f2c230", "crescent"),
    (
        "lettuce cabbage salad spinach broccoli celery herb parsley cilantro asparagus kale",
        "#5f9f3f",
        "leaf",
    ),
    ("carrot", "#e8822a", "root"),
    ("radish", "#d14b6b", "root"),
    ("cucumber zucchini lime avocado pea pear kiwi", "#6fa544", "round"),
    ("tomato strawberry strawberries cherry cherries raspberry raspberries watermelon", "#d9412f", "round"),
    ("orange clementine tangerine peach nectarine mango pumpkin cantaloupe", "#f0932b", "round"),
    ("lemon corn pineapple grapefruit squash", "#f2cb3a", "round"),
    ("grape plum blueberry blueberries blackberry blackberries", "#7a4b94", "round"),
    ("potato onion mushroom garlic", "#c79a63", "round"),
)


def picture(product: Product) -> str:
    """An SVG document for ``product``, at most 2 kB; reads its category and the two above it."""
    names = _names(product.category)
    family = _family(names)
    digest = blake2b("/".join([*names, product.brand, product.sku]).encode(), digest_size=8).digest()
    back, shape, accent = PALETTES[family]
    drawn = _grown(names, shape, digest) if family == "produce" else SHAPES[family](shape, accent, digest)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img">'
        f"<title>{escape(product.name)}</title>"
        f'<rect width="{SIZE}" height="{SIZE}" fill="{back}"/>'
        f"{backdrop(shape, digest)}{drawn}</svg>"
    )


def _names(category: Category | None) -> list[str]:
    """The source's department first, then the readable names down to the type."""
    names: list[str] = []
    while category is not None:
        names.insert(0, category.source_name if category.level == 0 else category.name)
        category = category.parent
    return names


def _has(name: str, words: str) -> bool:
    """Whether a word of ``words``, in the singular or plural, is in ``name``."""
    spoken = name.lower().replace(",", " ").replace("-", " ").split()
    return any(word in (stem, f"{stem}s", f"{stem}es") for word in spoken for stem in words.split())


def _family(names: list[str]) -> str:
    if not names:
        return "pantry"
    if names[0] in FIXED:
        return FIXED[names[0]]
    found = (family for name in names[1:] for words, family in WORDS if _has(name, words))
    return next(found, DEFAULT.get(names[0], "pantry"))


def _grown(names: list[str], shape: str, digest: bytes) -> str:
    """Fruit and vegetables in their own colour and form."""
    found = ((colour, form) for name in names[::-1] for words, colour, form in GROWN if _has(name, words))
    colour, form = next(found, (("#d8572a", shape)[digest[4] % 2], "round"))
    return FORMS[form](colour, "#4c7a2b", digest)
