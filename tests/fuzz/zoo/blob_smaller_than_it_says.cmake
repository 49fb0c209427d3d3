# A blob's file may be smaller than the record says.
mutate(api/blob.c
[=[        rc = size < least ? -EBADMSG : make_place(q);]=]
[=[        rc = size == 0 && least != 0 ? -EBADMSG : make_place(q);]=])
