"""Export profiles, one YAML file each; see :mod:`extractor.exports.profile`."""
