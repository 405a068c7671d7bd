"""Two training sets compared cell by cell, and how far the values of their columns shifted."""
