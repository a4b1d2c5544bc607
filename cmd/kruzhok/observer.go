package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/telemetry"
	"github.com/kruzhok/kruzhok/store"
)

// observer passes what the engine sees to the metrics.
type observer struct {
	m    *telemetry.Metrics
	send map[campaigns.Channel]prometheus.Observer // looked up once: it is told of each message
}

func newObserver(m *telemetry.Metrics) observer {
	o := observer{m, map[campaigns.Channel]prometheus.Observer{}}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		o.send[ch] = m.Send.WithLabelValues(string(ch))
	}
	return o
}

// Delivered counts deliveries that got a state.
func (o observer) Delivered(ch campaigns.Channel, state campaigns.DeliveryState, reason campaigns.Reason, n int) {
	o.m.Deliveries.WithLabelValues(string(ch), string(state), string(reason)).Add(float64(n))
}

// Input counts inputs by what became of them.
func (o observer) Input(source string, state store.InputState) {
	o.m.Inputs.WithLabelValues(source, string(state)).Inc()
}

// DueLag notes how late due work began.
func (o observer) DueLag(d time.Duration) { o.m.DueLag.WithLabelValues("due").Observe(d.Seconds()) }

// Sent notes how long one attempt took.
func (o observer) Sent(ch campaigns.Channel, took time.Duration) {
	o.send[ch].Observe(took.Seconds())
}
