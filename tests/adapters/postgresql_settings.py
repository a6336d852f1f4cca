"""The sample shop's test settings on the PostgreSQL server that DATABASE_URL names."""

import environ

from tests.sample_settings import *  # noqa: F403

DATABASES = {"default": environ.Env().db_url("DATABASE_URL")}
