from ..training.conftest import history, own_folders

__all__ = ["history", "own_folders"]
