"""A shop unlike the sample: UUID keys, variants, its own user model, guests, orders on a second database."""
