"""The sample campaign that ``taglake demo`` shows: invented brands, planted events, known truth."""
