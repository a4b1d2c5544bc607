package reports

import "math"

// z95 is the quantile of the normal distribution that leaves 2.5 % on either side.
const z95 = 1.959963984540054

// wilson is the score interval of a share (Wilson 1927): it stays between 0 and 1, and means something for few members and for shares near the ends.
func wilson(n, of int) (low, high float64) {
	p, m := share(n, of), float64(of)
	middle := p + z95*z95/(2*m)
	half := z95 * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	whole := 1 + z95*z95/m
	return (middle - half) / whole, (middle + half) / whole
}

// difference is how much larger the first share is than the second, with its 95 % interval: the hybrid score interval (Newcombe 1998, Statistics in Medicine 17,
// 873–890, method 10).
func difference(n1, of1, n2, of2 int) (d, low, high float64) {
	p1, p2 := share(n1, of1), share(n2, of2)
	l1, u1 := wilson(n1, of1)
	l2, u2 := wilson(n2, of2)
	d = p1 - p2
	return d, d - math.Hypot(p1-l1, u2-p2), d + math.Hypot(u1-p1, p2-l2)
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
