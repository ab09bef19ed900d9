"""Floor 3: a rule set over a whole population, as a file of claims. Needs ``gongji[simulate]``."""
