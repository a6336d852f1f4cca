"""Names that a person would read, for data that has none; each function depends on its arguments alone."""

from shop.naming.brands import brand
from shop.naming.goods import category, department, description, product_name, product_type
from shop.naming.people import address, coupon_title, free_username, person
from shop.naming.sizes import size

__all__ = [
    "address",
    "brand",
    "category",
    "coupon_title",
    "department",
    "description",
    "free_username",
    "person",
    "product_name",
    "product_type",
    "size",
]
