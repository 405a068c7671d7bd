"""What differs between two training sets, and the steps from one to the other that lead to the causes."""
