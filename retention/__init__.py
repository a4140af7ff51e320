"""What is worth doing about a forecast, and whether it changed anything: plans, effects, uplift."""
