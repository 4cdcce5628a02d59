"""Reading what vendors wrote. This module and `profile` need no storage library."""
