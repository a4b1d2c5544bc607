package definition

// goal reads the goal, and who is held out to measure it by.
func (r *reader) goal(rec *record) {
	rec.with("goal", func(n *node) { r.d.Goal = r.readGoal(n) })
	rec.with("holdout", func(n *node) {
		r.d.Holdout, _ = r.whole(n, 1, maxHoldout)
		if rec.get("goal") == nil {
			r.out.add(rec.values["holdout"].place, "holdout_without_goal").expect("goal: " + goalObject.example)
		}
	})
}

func (r *reader) readGoal(n *node) *Goal {
	rec, ok := r.record(n, goalObject)
	if !ok {
		return nil
	}
	g := &Goal{Happening: r.happening(rec), Then: GoalExit}
	rec.with("if", func(n *node) {
		c := r.condition(n, true)
		g.If = &c
	})
	rec.with("within", func(n *node) { g.Within = r.period(n) })
	rec.with("then", func(n *node) { g.Then = word(r, n, goalThens) })
	return g
}
