load here."/common.gp"
stats "latency.dat" using 1 nooutput
rows = STATS_max
eval out(1000, 130 + 24 * rows)
set title "64 bytes there and back   {/*0.85 ● median   ◆ 99 %   ▲ 99.9 %   ○ the longest of all}\n".kinds font ",13"
set lmargin 24
set rmargin 4
set logscale x
set xrange [50:2e7]
set xtics ("100 ns" 100, "1 µs" 1e3, "10 µs" 1e4, "100 µs" 1e5, "1 ms" 1e6, "10 ms" 1e7)
unset ytics
set grid xtics
set yrange [rows + 0.8:-1.6]
set label 1 "both sides poll" at 55, -0.9 font ",11" textcolor rgb "#555555"
first_sleeper = system("awk '$7 == 1 { print $1; exit }' latency.dat")
set label 2 "both sides sleep" at 55, (first_sleeper eq "" ? 1e9 : first_sleeper - 0.9) font ",11" textcolor rgb "#555555"
load "latency_names.gp"
plot "latency.dat" using 2:1:($5 - $2):(0):6 with vectors nohead linewidth 0.8 dashtype 3 linecolor rgb variable, \
     "" using 2:1:($4 - $2):(0):6 with vectors nohead linewidth 2.5 linecolor rgb variable, \
     "" using 2:1:6 with points pointtype 7 pointsize 1.1 linecolor rgb variable, \
     "" using 3:1:6 with points pointtype 13 pointsize 0.9 linecolor rgb variable, \
     "" using 4:1:6 with points pointtype 9 pointsize 0.9 linecolor rgb variable, \
     "" using 5:1:6 with points pointtype 6 pointsize 0.7 linecolor rgb variable
