"""Speech: letters become sound."""
