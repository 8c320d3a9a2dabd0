# A trx file to one line for each test: its outcome, a tab, and why it was skipped or what failed.
BEGIN { RS = "<" }

function plain(text) {
  gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
  gsub(/&#x[0-9A-Fa-f]+;|[[:space:]]+/, " ", text); gsub(/&amp;/, "\\&", text)
  return text
}
function attribute(name) {
  return match($0, "[[:space:]]" name "=\"[^\"]*\"") ? \
    substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
}
function finish() {
  if (outcome == "") return
  if (outcome == "Passed") print "passed\t" test
  else if (outcome == "NotExecuted") print "skipped\t" (message == "" ? "no reason given" : message)
  else print "failed\t" test
  outcome = ""
}

/^UnitTestResult[[:space:]]/ {
  finish()
  outcome = attribute("outcome"); test = plain(attribute("testName")); message = ""
}
/^Message>/ && outcome != "" { message = plain(substr($0, index($0, ">") + 1)) }
/^\/Results>/ { finish() }
