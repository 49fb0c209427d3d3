# What is behind the fixed part of a record may go on behind its end.
mutate(core/schema_check.c
[=[ && offset <= size && bytes <= size - offset &&]=]
[=[ && offset <= size &&]=])
