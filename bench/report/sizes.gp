# By size of message: names on the left, where the lines begin; `single` and `batch` load it.
set lmargin 24
set rmargin 12
set logscale xy
set xrange [8:65536]
set xtics ("8 B" 8, "64 B" 64, "256 B" 256, "1 KiB" 1024, "4 KiB" 4096, "64 KiB" 65536)
set xlabel "size of a message"
unset ytics
set y2tics ("10 k" 1e4, "100 k" 1e5, "1 M" 1e6, "10 M" 1e7, "100 M" 1e8, "1 G" 1e9) textcolor rgb "#555555"
set logscale y2
set grid xtics y2tics
peers = blocks(picture."_peers.dat")
ours = blocks(picture."_ours.dat")
load picture."_names.gp"
plot for [i = 0:peers - 1] picture."_peers.dat" index i using 1:2:3 with lines linewidth 1.6 linecolor rgb variable, \
     for [i = 0:ours - 1] picture."_ours.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.6 \
         linewidth 3.5 linecolor rgb variable
