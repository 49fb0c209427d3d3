# Whoever asks for the end of a task goes on as long as another one asks for the end of another.
mutate(api/status.c
[=[    for (int i = 0; i < CANCEL_TRIES; i++) {]=]
[=[    for (;;) {]=])
