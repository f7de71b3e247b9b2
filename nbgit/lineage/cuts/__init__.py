"""Ring 3: recorded runs on their way: cut to those that a commit rests on, stored with it, read where they came
from."""
