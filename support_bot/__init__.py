"""Answers a shop's customers from its FAQ and their own orders, and hands over to a person."""
