"""The models that ship with karyogram, each with card and checksum."""
