"""The shop's pages: parse, call one function, render."""
