-- What is wrong with the input, where that is why a talk's bundle could not be built.
ALTER TABLE wishes ADD COLUMN input_error TEXT; -- JSON: inputerr.Error; NULL: none
