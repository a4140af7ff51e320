"""A randomised campaign as a table: who was in which arm, what came of it, and what was known before."""
