"""A shop with Django and numpy alone: no API, no Celery, no PyTorch; it can run from an installed wheel."""
