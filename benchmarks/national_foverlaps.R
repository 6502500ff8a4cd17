# The five outcomes of national_registers.trial() with data.table::foverlaps. Reading the files is not timed.
# Rscript national_foverlaps.R FOLDER PEOPLE: prints seconds of CPU, and the sum of each outcome.
suppressMessages(library(data.table))
arguments <- commandArgs(TRUE)
folder <- arguments[1]; people <- as.integer(arguments[2])
jobs <- fread(file.path(folder, "jobs.csv")); benefits <- fread(file.path(folder, "benefits.csv"))
calendar <- fread(file.path(folder, "calendar.csv"))
begun <- proc.time()

clip <- function(spells) {
  spells <- unique(spells)[, `:=`(since = pmax(start, min(calendar$from)), until = pmin(stop, max(calendar$to)))]
  spells[since <= until]
}
within <- function(spells, grid) {
  foverlaps(spells, grid, by.x = c("person", "since", "until"), type = "any", nomatch = NULL, which = TRUE)
}
marked <- function(spells, grid) { found <- integer(nrow(grid)); found[within(spells, grid)$yid] <- 1L; found }

jobs <- clip(jobs); benefits <- clip(benefits)
changes <- rbind(jobs[, .(person, day = since, change = tenths)], jobs[, .(person, day = until + 1L, change = -tenths)])
changes <- changes[, .(change = sum(change)), keyby = .(person, day)]
changes[, `:=`(total = cumsum(change), following = shift(day, -1L)), by = person]
enough <- changes[total >= 40L & !is.na(following), .(person, since = day, until = following - 1L)]

months <- nrow(calendar)
grid <- CJ(person = 0:(people - 1L), month = seq_len(months))
grid[, `:=`(from = calendar$from[month], to = calendar$to[month], middle = calendar$middle[month])]
days <- grid[, .(person, from = middle, to = middle)]
setkey(grid, person, from, to); setkey(days, person, from, to)
grid[, in_work := marked(enough, grid)]
found <- within(jobs, days)
middles <- found[, .(tenths = sum(jobs$tenths[xid])), by = yid]
grid[, hours := 0]; grid[middles$yid, hours := middles$tenths / 10]
grid[, aap := marked(benefits[benefit == "AAP"], grid)]
grid[, disability := marked(benefits[benefit == "UFORE"], grid)]
grid[, work_without_benefit := in_work * (1L - aap) * (1L - disability)]

used <- proc.time() - begun
sums <- grid[, lapply(.SD, sum), .SDcols = c("in_work", "hours", "aap", "disability", "work_without_benefit")]
cat(sprintf("%.3f", used[["user.self"]] + used[["sys.self"]]), sprintf("%.1f", unlist(sums)), "\n")
