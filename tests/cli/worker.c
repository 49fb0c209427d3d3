/*
 * A command for shmq run, on Windows
 *
 *     worker say ARGUMENT...   tells what it was given, and the name of the queue
 *     worker end CODE          ends with that exit code
 *     worker crash             does what no program may
 *     worker stay              until it is asked to end, or killed
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static void say(const wchar_t *text)
{
    char utf8[4096];

    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof utf8, NULL, NULL);
    printf("[%s]\n", utf8);
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    wchar_t queue[256] = L"";

    _setmode(1, _O_BINARY);
    if (argc > 1 && wcscmp(argv[1], L"say") == 0) {
        for (int i = 2; i < argc; i++)
            say(argv[i]);
        GetEnvironmentVariableW(L"SHMQ_QUEUE", queue, 256);
        say(queue);
        return 0;
    }
    if (argc > 2 && wcscmp(argv[1], L"end") == 0)
        return (int)wcstol(argv[2], NULL, 10);
    if (argc > 1 && wcscmp(argv[1], L"crash") == 0) {
        volatile char *nowhere = NULL;

        *nowhere = 1;
    }
    if (argc > 1 && wcscmp(argv[1], L"stay") == 0) {
        puts("here");
        fflush(stdout);
        Sleep(INFINITE);
    }
    return 99;
}
