"""The sample shop's real orders: The Complete Journey, a grocer's year, read into the shop's tables."""

from shop.loader.customers import write_demo_logins
from shop.loader.load import SIZES, load
from shop.loader.source import DataMissing

__all__ = ["SIZES", "DataMissing", "load", "write_demo_logins"]
