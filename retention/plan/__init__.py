"""Who gets which retention action: the catalogue, what each action is worth for whom, and the best assignment."""
