load here."/common.gp"
eval out(1000, 500)
set title "What crash safety costs: shmq beside the faster of ck\\_ring and rte\\_ring, which have none" font ",13"
set lmargin 10
set rmargin 14
set boxwidth 0.36
set style fill solid 1 noborder
set logscale y
stats "safety.dat" using 3 name "one" nooutput
stats "safety.dat" using 4 name "batch" nooutput
least = one_min < batch_min ? one_min : batch_min
most = one_max > batch_max ? one_max : batch_max
set yrange [(least < 0.5 ? 0.5 ** ceil(-log(least) / log(2)) : 0.5):(most > 4 ? 2 ** ceil(log(most * 1.1) / log(2)) : 4)]
set ytics ("1/16" 0.0625, "1/8" 0.125, "1/4" 0.25, "1/2" 0.5, "as fast" 1, "2 times" 2, "4 times" 4, "8 times" 8, "16 times" 16, "32 times" 32, "64 times" 64)
set xrange [-0.6:5.6]
set grid ytics noxtics
set xlabel "size of a message"
set label 1 "one by one" at graph 1.01, 0.95 textcolor rgb "#d62728" left
set label 2 "in batches" at graph 1.01, 0.90 textcolor rgb "#e99a9a" left
set arrow 1 from -0.6, 1 to 5.6, 1 nohead linewidth 1.5 linecolor rgb "#555555" front
plot "safety.dat" using ($1 - 0.19):(1):($1 - 0.37):($1 - 0.01):(1 < $3 ? 1 : $3):(1 < $3 ? $3 : 1):xtic(2) with boxxyerror linecolor rgb "#d62728", \
     "" using ($1 + 0.19):(1):($1 + 0.01):($1 + 0.37):(1 < $4 ? 1 : $4):(1 < $4 ? $4 : 1) with boxxyerror linecolor rgb "#e99a9a", \
     "" using ($1 - 0.19):($3 > 1 ? $3 * 1.08 : $3 / 1.08):(sprintf("%.1f", $3)) with labels font ",10" textcolor rgb "#333333", \
     "" using ($1 + 0.19):($4 > 1 ? $4 * 1.08 : $4 / 1.08):(sprintf("%.1f", $4)) with labels font ",10" textcolor rgb "#333333"
