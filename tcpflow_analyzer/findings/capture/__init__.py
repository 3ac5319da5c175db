"""What the tap could not see; lowers the certainty of the others."""
