"""The call detail records: one writer, named migrations, and the figures that reports show."""
