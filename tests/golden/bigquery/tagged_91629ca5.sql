-- table demo.app.tagged: item_id INT64, plan_id INT64, t STRING, f FLOAT64, j JSON
-- table demo.app_staging.tagged__RUN: _plimsoll_op STRING, item_id INT64, plan_id INT64, t STRING, f FLOAT64, j JSON
MERGE `demo.app.tagged` AS T
USING (SELECT * FROM `demo.app_staging.tagged__RUN` WHERE `_plimsoll_op` <> 'S' QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `item_id`, `plan_id`, `t`, CAST(`f` AS STRING), TO_JSON_STRING(`j`)) = 1) AS S
ON T.`item_id` = S.`item_id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`plan_id` = S.`plan_id`, T.`t` = S.`t`, T.`f` = S.`f`, T.`j` = S.`j`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`item_id`, `plan_id`, `t`, `f`, `j`) VALUES (S.`item_id`, S.`plan_id`, S.`t`, S.`f`, S.`j`)
WHEN NOT MATCHED BY SOURCE AND (T.`plan_id` IN (SELECT `plan_id` FROM `demo.app_staging.tagged__RUN` WHERE `_plimsoll_op` = 'S' AND `plan_id` IS NOT NULL)) THEN DELETE
