load here."/common.gp"
eval out(1000, 640)
set title "Under load: 99 % of messages (64 B) arrive within this time of when they were due\n".kinds font ",13"
set lmargin 28
set rmargin 10
set logscale xy
set xrange [1e4:3e7]
set yrange [60:1e8]
set y2range [60:1e8]
set xtics ("10 k" 1e4, "100 k" 1e5, "1 M" 1e6, "10 M" 1e7, "30 M" 3e7)
set xlabel "messages a second, at a fixed rate; a line ends where its transport no longer keeps up"
unset ytics
set y2tics ("100 ns" 100, "1 µs" 1e3, "10 µs" 1e4, "100 µs" 1e5, "1 ms" 1e6, "10 ms" 1e7, "100 ms" 1e8) textcolor rgb "#555555"
set logscale y2
set grid xtics y2tics
peers = blocks("load_peers.dat")
ours = blocks("load_ours.dat")
load "load_names.gp"
plot for [i = 0:peers - 1] "load_peers.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.4 \
         linewidth 1.6 linecolor rgb variable, \
     for [i = 0:ours - 1] "load_ours.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.6 \
         linewidth 3.5 linecolor rgb variable
