-- table demo.app.plain: id INT64, b BOOL, i2 INT64, i4 INT64, i8 INT64, f4 FLOAT64, f8 FLOAT64, n BIGNUMERIC, n2 NUMERIC, t STRING, v STRING, bin BYTES, u STRING, d DATE, tm TIME, ts DATETIME, tz TIMESTAMP, j JSON, jb JSON
-- table demo.app_staging.plain__RUN: _plimsoll_op STRING, id INT64, b BOOL, i2 INT64, i4 INT64, i8 INT64, f4 FLOAT64, f8 FLOAT64, n BIGNUMERIC, n2 NUMERIC, t STRING, v STRING, bin BYTES, u STRING, d DATE, tm TIME, ts DATETIME, tz TIMESTAMP, j JSON, jb JSON
MERGE `demo.app.plain` AS T
USING `demo.app_staging.plain__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`b` = S.`b`, T.`i2` = S.`i2`, T.`i4` = S.`i4`, T.`i8` = S.`i8`, T.`f4` = S.`f4`, T.`f8` = S.`f8`, T.`n` = S.`n`, T.`n2` = S.`n2`, T.`t` = S.`t`, T.`v` = S.`v`, T.`bin` = S.`bin`, T.`u` = S.`u`, T.`d` = S.`d`, T.`tm` = S.`tm`, T.`ts` = S.`ts`, T.`tz` = S.`tz`, T.`j` = S.`j`, T.`jb` = S.`jb`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `b`, `i2`, `i4`, `i8`, `f4`, `f8`, `n`, `n2`, `t`, `v`, `bin`, `u`, `d`, `tm`, `ts`, `tz`, `j`, `jb`) VALUES (S.`id`, S.`b`, S.`i2`, S.`i4`, S.`i8`, S.`f4`, S.`f8`, S.`n`, S.`n2`, S.`t`, S.`v`, S.`bin`, S.`u`, S.`d`, S.`tm`, S.`ts`, S.`tz`, S.`j`, S.`jb`)
