package telemetry

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what an operator watches. Labels take few values: words of the domain, never a member or a campaign.
type Metrics struct {
	// Deliveries counts final states; labels channel, state, reason (empty for sent).
	Deliveries *prometheus.CounterVec
	// Inputs counts what was received and decided; labels source, state.
	Inputs *prometheus.CounterVec
	// DueLag is how late due work began, in seconds; label lane.
	DueLag *prometheus.HistogramVec
	// Send is how long one attempt took, in seconds; label channel.
	Send *prometheus.HistogramVec
	// Queue is how many rows wait; label queue (inputs, dead_inputs, deliveries, chunks).
	Queue *prometheus.GaugeVec

	registry *prometheus.Registry
}

// NewMetrics returns metrics in a registry of their own, beside those of the process and of Go.
func NewMetrics() *Metrics {
	m := &Metrics{
		Deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "kruzhok", Name: "deliveries_total", Help: "Messages by their final state.",
		}, []string{"channel", "state", "reason"}),
		Inputs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "kruzhok", Name: "inputs_total", Help: "Inputs by what became of them.",
		}, []string{"source", "state"}),
		DueLag: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "kruzhok", Name: "due_lag_seconds", Help: "Time from due to begun.", Buckets: prometheus.ExponentialBuckets(0.01, 4, 10), // 10 ms to 44 min
		}, []string{"lane"}),
		Send: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "kruzhok", Name: "send_seconds", Help: "Time of one attempt to send.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 10), // 1 ms to 20 s
		}, []string{"channel"}),
		Queue: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "kruzhok", Name: "queue_depth", Help: "Rows that wait.",
		}, []string{"queue"}),
		registry: prometheus.NewRegistry(),
	}
	m.registry.MustRegister(m.Deliveries, m.Inputs, m.DueLag, m.Send, m.Queue,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus's text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
