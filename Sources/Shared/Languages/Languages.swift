// Configuration languages.
