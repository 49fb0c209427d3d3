# What all pictures have in common: `load` it first. Called, in the folder with the data, as
#     gnuplot -e "here = 'FOLDER'; picture = 'NAME'; format = 'svg'" FOLDER/NAME.gp
out(width, height) = format eq "svg" ? \
    sprintf("set terminal svg size %d,%d dynamic font 'DejaVu Sans,11' background '#ffffff'", width, height) : \
    sprintf("set terminal pngcairo size %d,%d font 'DejaVu Sans,11' background '#ffffff'", 1.5 * width, 1.5 * height)."; set termoption fontscale 1.5"
set output picture.".".format
set encoding utf8
set termoption enhanced
set border 0
set tics nomirror scale 0 textcolor rgb "#555555"
set grid linetype 1 linewidth 0.6 linecolor rgb "#e2e2e2"
set key off
set datafile missing "NaN"
set datafile separator whitespace
blocks(file) = int(system("grep -c . ".file." >/dev/null 2>&1 && awk 'BEGIN { RS = \"\\n\\n\\n\" } END { print NR }' ".file." || echo 0"))
kinds = "{/*0.75 red: shmq    blue: rings without names, waiting or crash safety    brown: libraries    grey: the kernel}"
