load here."/common.gp"
eval out(1000, 560)
load "producers_names.gp"
set title "Many producers, one consumer: messages (64 B) a second, all together\n{/*0.75 ".(processors > 2 ? sprintf("the producers share %d processors", processors - 1) : "the producers share one processor").", the consumer has one of its own}" font ",13"
set lmargin 10
set rmargin 24
set logscale xy
set xrange [1:8]
set xtics (1, 2, 4, 8)
set yrange [5:5e8]
set ytics ("10" 1e1, "100" 1e2, "1 k" 1e3, "10 k" 1e4, "100 k" 1e5, "1 M" 1e6, "10 M" 1e7, "100 M" 1e8)
set xlabel "producers at work"
peers = blocks("producers_peers.dat")
ours = blocks("producers_ours.dat")
plot for [i = 0:peers - 1] "producers_peers.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.4 \
         linewidth 1.6 linecolor rgb variable, \
     for [i = 0:ours - 1] "producers_ours.dat" index i using 1:2:3 with linespoints pointtype 7 pointsize 0.6 \
         linewidth 3.5 linecolor rgb variable
