package measure

import (
	"context"
	"database/sql"
	"fmt"
	"io"
)

// CountStatements are settings of a server that tells Statements.
func CountStatements() []string {
	return []string{"shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=all"}
}

// Statements prints those that cost PostgreSQL most since its server began.
func Statements(ctx context.Context, db *sql.DB, w io.Writer) error {
	if _, err := db.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT round(total_exec_time)::bigint, calls, rows, left(regexp_replace(query, '\s+', ' ', 'g'), 900)
		FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 25`)
	if err != nil {
		return err
	}
	defer rows.Close()
	fmt.Fprintln(w, "ms\tcalls\trows\tstatement")
	for rows.Next() {
		var ms, calls, n int64
		var text string
		if err := rows.Scan(&ms, &calls, &n, &text); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\n", ms, calls, n, text)
	}
	return rows.Err()
}
