"""Wrong answers to the exercises, as students write them; the checker must name the mistake of each."""
