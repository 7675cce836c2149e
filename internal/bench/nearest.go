package bench

import "strings"

// Nearest gives the candidate that a mistyped word most likely meant, "" if
// none is near. Case does not matter, nor does whether words are joined by _, - or a
// space. Of equally near candidates the first wins.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", 0
	for _, c := range candidates {
		most := max(1, len(c)/3)                                // a third of the letters may be wrong, and one always
		if len(word) > len(c)+most || len(c) > len(word)+most { // so many are missing; words may be huge
			continue
		}
		d := distance(PlainWord(word), PlainWord(c))
		if d <= most && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	for _, c := range candidates {
		if strings.HasPrefix(PlainWord(c), PlainWord(word)) {
			return c
		}
	}
	return ""
}

// SameWord says that two words differ at most in case, or in what joins their parts:
// "blast radius" is blast_radius.
func SameWord(a, b string) bool { return PlainWord(a) == PlainWord(b) }

var joints = strings.NewReplacer("_", "-", " ", "-")

// PlainWord is a word in the form that SameWord compares: "blast-radius".
func PlainWord(s string) string { return joints.Replace(strings.ToLower(s)) }

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that turns a into b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// DidYouMean is the hint for a word that is not among the known ones: the nearest
// of them, if there is one, and all of them.
func DidYouMean(word string, known []string) string {
	hint := "known: " + strings.Join(known, ", ")
	if near := Nearest(word, known); near != "" {
		hint = "did you mean \"" + near + "\"? " + hint
	}
	return hint
}
