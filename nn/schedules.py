"""Learning rates as functions of the step, which counts from 0."""
