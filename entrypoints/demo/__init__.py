"""`foreset demo`: a year of real flights, from tables that change to a training set that does not."""
