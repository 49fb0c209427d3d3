load here."/common.gp"
eval out(1000, 560)
set title "Many producers, one consumer: million messages (64 B) a second, all together" font ",13"
set lmargin 10
set rmargin 24
set logscale xy
set xrange [1:8]
set xtics (1, 2, 4, 8)
set yrange [0.05:500]
set ytics ("0.1" 0.1, "1" 1, "10" 10, "100" 100)
set xlabel "producers at work"
peers = blocks("producers_peers.dat")
ours = blocks("producers_ours.dat")
load "producers_names.gp"
plot for [i = 0:peers - 1] "producers_peers.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.4 \
         linewidth 1.6 linecolor rgb variable, \
     for [i = 0:ours - 1] "producers_ours.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.6 \
         linewidth 3.5 linecolor rgb variable
