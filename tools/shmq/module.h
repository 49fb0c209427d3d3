/*
 * Parts of the command that need large libraries
 *
 * They are modules, loaded when they are used: so that the others start as fast as they can, and where such a library is
 * missing, only what needs it does not work. A module calls what modules.list names.
 */
#ifndef SHMQ_MODULE_H
#define SHMQ_MODULE_H

/** The function of that name in a module, or NULL with the reason told: what it needs is `library`. */
void *module_function(const char *command, const char *file, const char *function, const char *library);

#endif
