"""The store: forecasts, histories, posted lines, models and keys in SQLite or PostgreSQL."""
